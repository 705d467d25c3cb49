variable "environment" {
  description = "staging or production."
  type        = string
}

variable "account" {
  description = "The account that this may change; a plan with the credentials of another one fails."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account's number has twelve digits."
  }
}

variable "region" {
  description = "The region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is named like eu-central-1."
  }
}

variable "second_region" {
  description = "The region that waits for the loss of the first; empty: none, and no copies there."
  type        = string
  default     = ""

  validation {
    condition     = var.second_region == "" || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.second_region))
    error_message = "A region is named like eu-west-1."
  }

  validation {
    condition     = var.second_region != var.region
    error_message = "The second region isn't the first."
  }
}

variable "zones" {
  description = "Three availability zones of the region, by name: what AWS adds later moves nothing."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "Three zones of the region, such as eu-central-1a."
  }
}

variable "second_zones" {
  description = "Three zones of the second region; empty without one."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.second_zones) == (var.second_region == "" ? 0 : 3)
    error_message = "Three zones of the second region, or none without it."
  }
}

variable "cidr" {
  description = "The VPC's addresses, a /16."
  type        = string
}

variable "second_cidr" {
  description = "The addresses of the VPC in the second region, a /16."
  type        = string
  default     = "10.255.0.0/16"
}

variable "nat" {
  description = "each_zone, one or none; see the network module."
  type        = string
}

variable "domain" {
  description = "The domain under which the environment is reached."
  type        = string
}

variable "zone_id" {
  description = "The Route 53 zone that holds the domain."
  type        = string
}

variable "mail_domain" {
  description = "The domain that mail is sent from; a verified identity of SES."
  type        = string
}

variable "operator_cidrs" {
  description = "Operators' addresses, for the consoles; empty: by Session Manager only."
  type        = set(string)
  default     = []
}

variable "github_repository" {
  description = "The repository whose workflows deploy, as OWNER@ID/NAME@ID."
  type        = string
}

variable "alarm_addresses" {
  description = "Mail addresses that alarms and the budget's notices go to."
  type        = set(string)
}

variable "monthly_budget" {
  description = "US dollars a month."
  type        = number
}

variable "log_days" {
  description = "For how many days logs are kept."
  type        = number
}

variable "pools" {
  description = "Machines by role; see the cluster module."
  type = map(object({
    type    = string
    least   = number
    wished  = number
    most    = number
    storage = number
  }))
}

variable "database" {
  description = "Postgres: class, GiB at first and at most, a standby in another zone, days of backups."
  type = object({
    class            = string
    storage          = number
    greatest_storage = number
    multi_az         = bool
    backup_days      = number
  })
}

variable "cache" {
  description = "Valkey: class and number of nodes."
  type        = object({ class = string, nodes = number })
}

variable "secret_versions" {
  description = "Numbers by secret; a greater one makes up a new value. See the secrets module."
  type        = map(number)
  default     = {}
}
