variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "environment" {
  description = "staging or production; GitHub's environments are of this name, for deployments, and NAME-infrastructure, for Terraform."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "account" {
  description = "The AWS account's number."
  type        = string
}

variable "boundary_arn" {
  description = "The policy that bounds what roles may; terraform/bootstrap makes it."
  type        = string
}

variable "issuer" {
  description = "Nomad's issuer of tasks' identities."
  type        = string

  validation {
    condition     = startswith(var.issuer, "https://")
    error_message = "An issuer is an https address."
  }
}

variable "key_arn" {
  description = "The key of secrets and files."
  type        = string
}

variable "log_key_arn" {
  description = "The key of log groups."
  type        = string
}

variable "second_region" {
  description = "The second region; empty: there is none."
  type        = string
  default     = ""
}

variable "second_key_arns" {
  description = "The second region's keys."
  type        = list(string)
  default     = []
}

variable "repository_arn" {
  description = "The image's repository."
  type        = string
}

variable "state_bucket_arn" {
  description = "The bucket of Terraform's state."
  type        = string
}

variable "github_provider_arn" {
  description = "GitHub as an identity provider of this account; terraform/bootstrap makes it."
  type        = string
}

variable "github_repository" {
  description = "The repository whose workflows deploy, as OWNER@ID/NAME@ID."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+@[0-9]+/[A-Za-z0-9._-]+@[0-9]+$", var.github_repository))
    error_message = "A GitHub repository is OWNER@ID/NAME@ID; docs/operations/aws.md says where the ids are."
  }
}

variable "github_role_names" {
  description = "Names of the workflows' roles."
  type        = map(string)
}

variable "machine_image_parameter_arns" {
  description = "The parameters that name machine images: live, candidate, proven."
  type        = map(list(string))
}

variable "nomad_values_parameter_arn" {
  description = "The parameter with the values that jobs get."
  type        = string
}

variable "machine_build_subnet_arns" {
  description = "The subnets in which machine images may be built."
  type        = list(string)
}

variable "server_tag" {
  description = "The tag that tells servers from other machines; a deployment reaches Nomad through one of them."
  type        = object({ key = string, value = string })
}

variable "zone_id" {
  description = "The Route 53 zone."
  type        = string
}
