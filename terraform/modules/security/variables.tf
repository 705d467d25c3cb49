variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "existing" {
  description = "Groups by role that are there already, and only get their rules."
  type        = map(string)
  default     = {}
}

variable "ports" {
  description = "Ports by purpose, from the naming module."
  type        = map(number)
}

variable "operator_cidrs" {
  description = "Addresses from which operators open the consoles of Consul and Nomad through the load balancer; empty: nobody, only by Session Manager."
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for cidr in var.operator_cidrs : can(cidrnetmask(cidr)) && tonumber(split("/", cidr)[1]) >= 24
    ])
    error_message = "Operators' addresses are IPv4 blocks of at most 256 addresses, such as 192.0.2.0/24; never everybody's."
  }
}
