# The second region, once it takes over: values only. What they mean is in modules/takeover. Its state lies in that region, and
# it is applied by a person on the day of need, or in a rehearsal with staging (docs/operations/disaster.md).

locals {
  region = "eu-west-1"
  size   = module.sizes.size
}

provider "aws" {
  region              = local.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = var.environment }
  }
}

module "sizes" {
  source = "../../modules/sizes"

  environment = var.environment
}

module "takeover" {
  source = "../../modules/takeover"

  environment       = var.environment
  account           = var.account
  region            = local.region
  domain            = var.domain
  zone_id           = var.zone_id
  mail_domain       = var.mail_domain
  github_repository = var.github_repository
  alarm_addresses   = var.alarm_addresses

  zones          = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  nat            = local.size.nat
  monthly_budget = local.size.monthly_budget
  log_days       = local.size.log_days
  pools          = local.size.pools
  cache          = local.size.cache
}
