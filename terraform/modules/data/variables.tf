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
  description = "For how many days the database's logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "CloudWatch keeps logs for 7, 14, 30, 60, 90, 180 or 365 days."
  }
}

variable "subnet_ids" {
  description = "Subnets of the database, in three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "The data live in three zones."
  }
}

variable "security_group_id" {
  description = "Postgres's group."
  type        = string
}

variable "port" {
  description = "Postgres's port."
  type        = number
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
