# production: values only. What they mean is in modules/environment.

locals {
  region        = "eu-central-1"
  second_region = "eu-west-1"
}

provider "aws" {
  region              = local.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = "production" }
  }
}

provider "aws" {
  alias               = "second"
  region              = local.second_region == "" ? local.region : local.second_region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = "production" }
  }
}

module "environment" {
  source = "../../modules/environment"

  providers = { aws = aws, aws.second = aws.second }

  environment       = "production"
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

  cidr           = "10.10.0.0/16"
  second_cidr    = "10.11.0.0/16"
  zones          = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  second_zones   = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  nat            = "each_zone"
  monthly_budget = 4000
  log_days       = 90

  pools = {
    server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 50 }
    edge   = { type = "c7i.large", least = 3, wished = 3, most = 6, storage = 30 }
    app    = { type = "c7i.xlarge", least = 3, wished = 3, most = 12, storage = 60 }
  }

  database = { class = "db.m7g.xlarge", storage = 200, greatest_storage = 2000, multi_az = true, backup_days = 35 }
  cache    = { class = "cache.m7g.large", nodes = 2 }
}
