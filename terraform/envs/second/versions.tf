terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }

  # Which bucket, in the second region: `terraform init -backend-config=ENVIRONMENT.backend.hcl`; terraform/bootstrap makes
  # it and prints the file (`backend_second`).
  backend "s3" {
    key          = "second/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
