terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }

  # Its own state: local at the first run, then moved into the bucket that it made (docs/infrastructure.md).
}
