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
