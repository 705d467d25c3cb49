variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "boundary_arn" {
  description = "The policy that bounds what roles may; terraform/bootstrap makes it."
  type        = string
}

variable "key_arn" {
  description = "The key that data are encrypted with."
  type        = string
}

variable "log_key_arn" {
  description = "The key that log groups are encrypted with."
  type        = string
}

variable "log_days" {
  description = "For how many days the database's and the cache's logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "CloudWatch keeps logs for 7, 14, 30, 60, 90, 180 or 365 days."
  }
}

variable "subnet_ids" {
  description = "Subnets of the database and the cache, in three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "The data live in three zones."
  }
}

variable "database_security_group_id" {
  description = "Postgres's group."
  type        = string
}

variable "cache_security_group_id" {
  description = "Valkey's group."
  type        = string
}

variable "ports" {
  description = "Ports by purpose, from the naming module."
  type        = map(number)
}

variable "database" {
  description = "Name of the database and of its server; class; first and greatest size in GiB; whether a second one stands by in another zone; days that backups reach back."
  type = object({
    name             = string
    server           = string
    class            = string
    storage          = number
    greatest_storage = number
    multi_az         = bool
    backup_days      = number
  })

  validation {
    condition     = startswith(var.database.class, "db.")
    error_message = "The database's class is one of RDS's, such as db.m7g.large."
  }

  validation {
    condition     = var.database.storage >= 20 && var.database.greatest_storage >= var.database.storage
    error_message = "The database starts with 20 GiB at least and may grow to at least what it starts with."
  }

  validation {
    condition     = var.database.backup_days >= 7 && var.database.backup_days <= 35
    error_message = "Backups reach back for 7 to 35 days."
  }
}

variable "master_secret" {
  description = "Where the database is copied to another region: name of the secret with the master's password, its number (a greater one makes up a new password), the other region and its key. null: RDS keeps and rotates the password."
  type        = object({ name = string, version = number, replica_region = string, replica_key_arn = string })
  default     = null
}

variable "cache" {
  description = "Name of the replication group and of the services' user; class; nodes, of which one writes."
  type = object({
    group = string
    user  = string
    class = string
    nodes = number
  })

  validation {
    condition     = startswith(var.cache.class, "cache.") && var.cache.nodes >= 1 && var.cache.nodes <= 6
    error_message = "The cache's class is one of ElastiCache's, such as cache.t4g.small, and it has 1 to 6 nodes."
  }
}

variable "buckets" {
  description = "Names of the buckets: files, reports, logs."
  type        = map(string)
}

variable "allowed_origins" {
  description = "Web addresses whose pages upload files by presigned forms."
  type        = list(string)

  validation {
    condition     = alltrue([for origin in var.allowed_origins : startswith(origin, "https://") && !strcontains(origin, "*")])
    error_message = "Origins are full https addresses without a wildcard."
  }
}

variable "load_balancer_log_prefixes" {
  description = "Folders of the log bucket into which load balancers write."
  type        = list(string)
}

variable "database_ca_path" {
  description = "Where tasks find the certificates of RDS's certificate authorities."
  type        = string
}
