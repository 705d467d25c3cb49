# The second region, once it takes over: values only. What they mean is in modules/takeover. Its state lies in that region, and
# it is applied by a person on the day of need, or in a rehearsal with staging (docs/operations/disaster.md).

locals {
  region = "eu-west-1"

  # As in the first region, so that nobody finds out under load what is smaller.
  sizes = {
    production = {
      nat            = "each_zone"
      monthly_budget = 4000
      log_days       = 90
      pools = {
        server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 50 }
        edge   = { type = "c7i.large", least = 3, wished = 3, most = 6, storage = 30 }
        app    = { type = "c7i.xlarge", least = 3, wished = 3, most = 12, storage = 60 }
      }
      cache = { class = "cache.m7g.large", nodes = 2 }
    }
    staging = {
      nat            = "one"
      monthly_budget = 1400
      log_days       = 30
      pools = {
        server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 30 }
        edge   = { type = "c7i.large", least = 2, wished = 2, most = 3, storage = 30 }
        app    = { type = "c7i.large", least = 2, wished = 2, most = 4, storage = 40 }
      }
      cache = { class = "cache.t4g.small", nodes = 1 }
    }
  }
  size = local.sizes[var.environment]
}

provider "aws" {
  region              = local.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = var.environment }
  }
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
