variable "secret_prefix" {
  description = "What secrets' names begin with, such as votewave/staging."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+/[a-z]+$", var.secret_prefix))
    error_message = "Secrets' names begin with PROJECT/ENVIRONMENT."
  }
}

variable "service_secrets" {
  description = "Secrets of single services by name after the prefix: whose, and what it holds."
  type        = map(object({ service = string, form = string }))
}

variable "shared_secrets" {
  description = "Secrets that several read by name after the prefix, and who reads them."
  type        = map(object({ readers = list(string), form = string, what = string }))
}

variable "key_arn" {
  description = "The key that secrets are encrypted with."
  type        = string
}

variable "replica_region" {
  description = "A second region that keeps a copy of each secret; empty: none."
  type        = string
  default     = ""
}

variable "replica_key_arn" {
  description = "That region's key; empty: Secrets Manager's own."
  type        = string
  default     = ""
}

variable "versions" {
  description = "Numbers by secret; a greater one makes up a new value at the next apply. What has to follow is in docs/infrastructure.md."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for number in values(var.versions) : number >= 1 && floor(number) == number])
    error_message = "Versions are whole numbers from 1."
  }

  validation {
    condition     = lookup(var.versions, "votebooth/hash-key", 1) == 1
    error_message = "votebooth/hash-key is never changed: voters of open polls would be new ones, who can vote again."
  }
}
