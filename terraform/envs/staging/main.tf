# staging: values only. What they mean is in modules/environment.

locals {
  region        = "eu-central-1"
  second_region = var.rehearse ? "eu-west-1" : ""
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

  # Enough to gate releases on: the same shape as production, smaller, and with a second region only to rehearse its loss.
  cidr           = "10.20.0.0/16"
  second_cidr    = "10.21.0.0/16"
  zones          = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  second_zones   = var.rehearse ? ["eu-west-1a", "eu-west-1b", "eu-west-1c"] : []
  nat            = "one"
  monthly_budget = 1400
  log_days       = 30

  pools = {
    server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 30 }
    edge   = { type = "c7i.large", least = 2, wished = 2, most = 3, storage = 30 }
    app    = { type = "c7i.large", least = 2, wished = 2, most = 4, storage = 40 }
  }

  database = { class = "db.m7g.large", storage = 50, greatest_storage = 200, multi_az = false, backup_days = 7 }
  cache    = { class = "cache.t4g.small", nodes = 1 }
}
