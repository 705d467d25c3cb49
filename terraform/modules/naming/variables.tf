variable "environment" {
  description = "Which environment; part of every name."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment is staging or production (names.json lists them)."
  }
}

variable "account" {
  description = "The AWS account's number; part of names that are unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account's number has twelve digits."
  }
}

variable "domain" {
  description = "The domain under which the environment is reached, such as staging.example.org."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "The domain is a full name in small letters, such as staging.example.org."
  }
}

variable "second" {
  description = "Whether the names are those of what takes over in the second region."
  type        = bool
  default     = false
}
