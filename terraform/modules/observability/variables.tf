variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "apart_prefix" {
  description = "The same for what is the account's in all regions: dashboard and budget."
  type        = string
}

variable "environment" {
  description = "staging or production."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "log_group_names" {
  description = "Log groups of machines and tasks."
  type        = map(string)
}

variable "log_key_arn" {
  description = "The key that logs and alarms' messages are encrypted with."
  type        = string
}

variable "log_days" {
  description = "For how many days logs are kept."
  type        = number

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "CloudWatch keeps logs for 7, 14, 30, 60, 90, 180 or 365 days."
  }
}

variable "alarm_addresses" {
  description = "Mail addresses that alarms go to; each confirms once."
  type        = set(string)

  validation {
    condition     = length(var.alarm_addresses) > 0 && alltrue([for address in var.alarm_addresses : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "At least one mail address: an alarm that nobody gets is none."
  }
}

variable "monthly_budget" {
  description = "US dollars a month; mails go out at 80 % spent and when 100 % are foreseen."
  type        = number

  validation {
    condition     = var.monthly_budget > 0
    error_message = "The budget is a positive number of dollars."
  }
}

variable "load_balancer_suffix" {
  description = "The load balancer, as its metrics name it."
  type        = string
}

variable "gateway_target_group_suffix" {
  description = "The gateway's target group, as its metrics name it."
  type        = string
}

variable "nomad_target_group_suffix" {
  description = "The target group of Nomad's servers, as its metrics name it."
  type        = string
}

variable "database_identifier" {
  description = "The database."
  type        = string
}

variable "database_storage" {
  description = "GiB that the database starts with; an alarm goes off when a tenth is left."
  type        = number
}

variable "cache_group" {
  description = "The cache."
  type        = string
}

variable "cache_nodes" {
  description = "How many nodes the cache has."
  type        = number
}

variable "group_names" {
  description = "Auto Scaling groups by role."
  type        = map(string)
}

variable "least_machines" {
  description = "By role, how many machines there are at least."
  type        = map(number)
}
