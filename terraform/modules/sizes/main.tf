# How large each environment is, in either region: what takes over in the second has the sizes of the first, so that nobody
# finds out under load what is smaller.

locals {
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
      # From 400 GiB on gp3 makes 12,000 operations a second instead of 3,000, at no other price.
      database = { class = "db.m7g.xlarge", storage = 400, greatest_storage = 2000, multi_az = true, backup_days = 35 }
      cache    = { class = "cache.m7g.large", nodes = 2 }
    }

    # Enough to gate releases on: the same shape as production, smaller.
    staging = {
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
  }
}
