# staging: values only. What they mean is in modules/environment.

locals {
  region        = "eu-central-1"
  second_region = var.rehearse ? "eu-west-1" : ""
  size          = module.sizes.size
}

provider "aws" {
  region              = local.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = "staging" }
  }
}

provider "aws" {
  alias               = "second"
  region              = local.second_region == "" ? local.region : local.second_region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = "staging" }
  }
}

module "sizes" {
  source = "../../modules/sizes"

  environment = "staging"
}

module "environment" {
  source = "../../modules/environment"

  providers = { aws = aws, aws.second = aws.second }

  environment       = "staging"
  account           = var.account
  region            = local.region
  second_region     = local.second_region
  domain            = var.domain
  zone_id           = var.zone_id
  mail_domain       = var.mail_domain
  operator_cidrs    = var.operator_cidrs
  github_repository = var.github_repository
  alarm_addresses   = var.alarm_addresses
  secret_versions   = var.secret_versions

  # A second region only to rehearse the first one's loss.
  cidr           = "10.20.0.0/16"
  second_cidr    = "10.21.0.0/16"
  zones          = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  second_zones   = var.rehearse ? ["eu-west-1a", "eu-west-1b", "eu-west-1c"] : []
  nat            = local.size.nat
  monthly_budget = local.size.monthly_budget
  log_days       = local.size.log_days
  pools          = local.size.pools
  database       = local.size.database
  cache          = local.size.cache
}
