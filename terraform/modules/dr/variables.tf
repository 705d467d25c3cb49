variable "region" {
  description = "The second region."
  type        = string
}

variable "cidr" {
  description = "The second VPC's addresses; not those of the first, so that the two can be joined."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16")
    error_message = "The VPC's addresses are a /16, such as 10.21.0.0/16."
  }
}

variable "zones" {
  description = "Three availability zones of the second region."
  type        = list(string)
}

variable "boundary_arn" {
  description = "The policy that bounds what roles may; terraform/bootstrap makes it."
  type        = string
}

variable "key_arn" {
  description = "The second region's key for data, which terraform/bootstrap makes."
  type        = string
}

variable "log_key_arn" {
  description = "The second region's key for logs."
  type        = string
}

variable "first_key_arn" {
  description = "The first region's key: what is copied is decrypted with it."
  type        = string
}

variable "database_arn" {
  description = "The database that is followed."
  type        = string
}

variable "monitoring_role_arn" {
  description = "The role by which RDS writes what the database's machine is doing."
  type        = string
}

variable "alarm_addresses" {
  description = "Mail addresses that are told when the copy falls behind; each confirms once."
  type        = set(string)
}

variable "first_alarm_topic_arn" {
  description = "Where alarms of the first region go."
  type        = string
}

variable "first_bucket_names" {
  description = "Buckets whose objects are copied, by kind; versions must be on."
  type        = map(string)
}

variable "account" {
  description = "The AWS account's number."
  type        = string
}

variable "domain" {
  description = "The domain under which the environment is reached."
  type        = string
}

variable "environment" {
  description = "staging or production."
  type        = string
}

variable "database" {
  description = "The copy's class, and the size in GiB up to which it grows by itself."
  type        = object({ class = string, greatest_storage = number })
}

variable "log_days" {
  description = "For how many days the copy's logs are kept."
  type        = number
}

variable "mirror_prefix" {
  description = "What the tags of others' images begin with."
  type        = string
}

variable "repository" {
  description = "The repository whose images are copied."
  type        = string
}

variable "validation_names" {
  description = "The records by which the first region's certificate is issued, and by which this one is, too."
  type        = list(string)
}
