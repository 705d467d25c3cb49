variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "domain" {
  description = "The domain under which the environment is reached."
  type        = string
}

variable "zone_id" {
  description = "The Route 53 zone that holds the domain."
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "A zone's id looks like Z0123456789ABC."
  }
}

variable "certificate_arn" {
  description = "The load balancer's certificate, for the domain and all names below it."
  type        = string
}

variable "answer" {
  description = "Which answer to the domain's name this load balancer is: first, or second, which is given when the first isn't well."
  type        = string

  validation {
    condition     = contains(["first", "second"], var.answer)
    error_message = "An answer is first or second."
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets in three zones."
  type        = list(string)
}

variable "security_group_id" {
  description = "The load balancer's group."
  type        = string
}

variable "ports" {
  description = "Ports by purpose, from the naming module."
  type        = map(number)
}

variable "log_bucket" {
  description = "The bucket for access logs."
  type        = string
}

variable "log_key_arn" {
  description = "The key that log groups are encrypted with."
  type        = string
}

variable "log_days" {
  description = "For how many days it is kept what the firewall saw."
  type        = number
  default     = 90

  validation {
    condition     = contains([30, 60, 90, 180, 365], var.log_days)
    error_message = "CloudWatch keeps logs for 30, 60, 90, 180 or 365 days."
  }
}

variable "issuer_host" {
  description = "Host name of Nomad's issuer, whose keys IAM reads."
  type        = string
}

variable "operator_cidrs" {
  description = "Addresses from which the consoles are reached; empty: there are none."
  type        = set(string)
  default     = []
}

variable "requests_per_address" {
  description = "Requests of one address in five minutes, at most. A full room may share an address: 2,000 people who load, vote and watch."
  type        = number
  default     = 60000

  validation {
    condition     = var.requests_per_address >= 1000
    error_message = "Fewer than 1000 requests in five minutes would lock out a school."
  }
}

variable "sign_ins_per_address" {
  description = "Tries to sign up, to sign in or with an API key of one address in five minutes, at most. The gateway and Auth count finer; this stops floods before they cost anything."
  type        = number
  default     = 3000

  validation {
    condition     = var.sign_ins_per_address >= 100
    error_message = "Fewer than 100 sign-ins in five minutes would lock out an office."
  }
}

variable "gateway_drain_seconds" {
  description = "How long the load balancer lets requests to a leaving gateway end; longer than the gateway's own drain."
  type        = number
  default     = 90

  validation {
    condition     = var.gateway_drain_seconds >= 60 && var.gateway_drain_seconds <= 3600
    error_message = "Between 60 and 3600 seconds: the gateway itself takes up to 45."
  }
}
