variable "environment" {
  description = "Which environment this account is for; each has an account of its own."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment is staging or production."
  }
}

variable "account" {
  description = "The account that this may change."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account's number has twelve digits."
  }
}

variable "region" {
  description = "The region."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is named like eu-central-1."
  }
}

variable "second_region" {
  description = "The region that waits for the loss of the first; empty: none."
  type        = string
  default     = ""

  validation {
    condition     = var.second_region != var.region
    error_message = "The second region isn't the first."
  }
}

variable "domain" {
  description = "The domain under which the environment is reached."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "The domain is a full name in small letters, such as staging.example.org."
  }
}
