variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "cidr" {
  description = "The VPC's addresses; a /16, of which each subnet gets a /20."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16")
    error_message = "The VPC's addresses are a /16, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Three availability zones."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "Three different availability zones are needed: Consul and Nomad keep a majority when one is lost."
  }
}

variable "nat" {
  description = "How private subnets reach the internet: each_zone, one or none; see the module way-out."
  type        = string
}

variable "endpoints" {
  description = "AWS services that are reached inside the VPC; null: those that machines need."
  type        = set(string)
  default     = null
}

variable "region" {
  description = "The region, part of the endpoints' names."
  type        = string
}

variable "boundary_arn" {
  description = "The policy that bounds what roles may; terraform/bootstrap makes it."
  type        = string
}

variable "log_key_arn" {
  description = "The key that log groups are encrypted with."
  type        = string
}

variable "flow_log_days" {
  description = "For how many days it is kept who spoke with whom."
  type        = number
  default     = 90

  validation {
    condition     = contains([30, 60, 90, 180, 365, 400], var.flow_log_days)
    error_message = "CloudWatch keeps logs for 30, 60, 90, 180, 365 or 400 days."
  }
}
