"""Checks of Terraform's configurations that need no AWS account, and the few commands that run beside Terraform.

schema.py     the AWS provider's schema, read from HashiCorp's typed bindings
provider/     a stand-in for the provider that serves this schema to the real Terraform
terraform.py  Terraform in a folder of its own: validate, plan, test
plan.py       the plan of an environment, as tests and checks read it
checks.py     what `./just infra check` runs
"""
