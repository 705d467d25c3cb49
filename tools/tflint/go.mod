module tools/tflint

go 1.26.4

require (
	github.com/terraform-linters/tflint v0.64.0
	github.com/terraform-linters/tflint-ruleset-aws v0.48.0
)
