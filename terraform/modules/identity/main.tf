# Roles for access from outside: those of GitHub's workflows (github.tf), and what Terraform may change when a workflow
# applies it (apply.tf). Tasks have roles of their own, in the module tasks.

locals {
  arn  = "arn:aws"
  here = "${var.region}:${var.account}"

  all_keys = concat([var.key_arn, var.log_key_arn], var.second_key_arns)
}
