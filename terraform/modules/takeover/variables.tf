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

variable "zones" {
  description = "Three availability zones of the region, by name: what AWS adds later moves nothing."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "Three zones of the region, such as eu-central-1a."
  }
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

variable "cache" {
  description = "Valkey: class and number of nodes."
  type        = object({ class = string, nodes = number })
}
