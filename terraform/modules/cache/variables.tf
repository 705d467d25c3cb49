variable "prefix" {
  description = "What names begin with."
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
  description = "For how many days its logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "CloudWatch keeps logs for 7, 14, 30, 60, 90, 180 or 365 days."
  }
}

variable "subnet_ids" {
  description = "Subnets of the cache, in three zones."
  type        = list(string)
}

variable "security_group_id" {
  description = "Valkey's group."
  type        = string
}

variable "port" {
  description = "Valkey's port."
  type        = number
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
