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

variable "key_arn" {
  description = "The key of secrets and files."
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

variable "audience" {
  description = "Whom a task's identity is meant for."
  type        = string
}

variable "tasks" {
  description = "By task: the name of its role, and its identity's subject."
  type        = map(object({ role = string, subject = string }))
}

variable "secret_arns" {
  description = "By task, the secrets it may read."
  type        = map(list(string))
}

variable "master_secret_arn" {
  description = "The secret in which RDS keeps the master's password; migrations read it."
  type        = string
}

variable "mail_senders" {
  description = "Services that send mail."
  type        = set(string)
}

variable "mail_domain" {
  description = "The domain that mail is sent from."
  type        = string
}

variable "services" {
  description = "The services: those of the tasks that keep files."
  type        = set(string)
}

variable "bucket_arns" {
  description = "The buckets: files, reports."
  type        = map(string)
}
