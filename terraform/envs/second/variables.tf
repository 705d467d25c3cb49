# What differs by who runs it, and so isn't in the repository: ENVIRONMENT.tfvars (see terraform.tfvars.example), the same values
# as the environment's own.

variable "environment" {
  description = "Which environment the second region takes over: production, or staging in a rehearsal."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment is staging or production."
  }
}

variable "account" {
  description = "The AWS account of this environment, and of no other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account's number has twelve digits."
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

variable "zone_id" {
  description = "The Route 53 zone that holds the domain."
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "A zone's id looks like Z0123456789ABC."
  }
}

variable "mail_domain" {
  description = "The domain that mail is sent from; a verified identity of SES."
  type        = string

  validation {
    condition     = strcontains(var.mail_domain, ".") && !strcontains(var.mail_domain, "@")
    error_message = "A domain, such as example.org."
  }
}

variable "github_repository" {
  description = "The repository whose workflows deploy, as OWNER@ID/NAME@ID."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+@[0-9]+/[A-Za-z0-9._-]+@[0-9]+$", var.github_repository))
    error_message = "A GitHub repository is OWNER@ID/NAME@ID; docs/operations/aws.md says where the ids are."
  }
}

variable "alarm_addresses" {
  description = "Mail addresses that alarms go to."
  type        = set(string)

  validation {
    condition     = length(var.alarm_addresses) > 0
    error_message = "At least one address: an alarm that nobody gets is none."
  }
}
