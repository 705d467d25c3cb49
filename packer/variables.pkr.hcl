variable "environment" {
  description = "Which environment the images are for: they are encrypted with its key, and machines of no other may start from them."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment is staging or production."
  }
}

variable "roles" {
  description = "Which images to make."
  type        = set(string)
  default     = ["server", "client"]

  validation {
    condition     = length([for role in var.roles : role if !contains(["server", "client"], role)]) == 0
    error_message = "The roles are server and client."
  }
}

variable "region" {
  description = "AWS region to build in."
  type        = string
}

variable "architecture" {
  description = "amd64, or arm64 for Graviton."
  type        = string
  default     = "amd64"

  validation {
    condition     = contains(["amd64", "arm64"], var.architecture)
    error_message = "The architecture is amd64 or arm64."
  }
}

variable "subnet" {
  description = "A private subnet with a way to the internet; the build machine has no public address."
  type        = string
}

variable "profile" {
  description = "Instance profile by which the build machine is reached through Session Manager, and may do nothing else."
  type        = string
}

variable "key" {
  description = "KMS key that encrypts the image."
  type        = string
}

variable "commit" {
  description = "Of which commit the image is made."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{40}$", var.commit))
    error_message = "The commit has 40 hexadecimal digits."
  }
}

variable "source_ami" {
  description = "An image of Debian's to build from again; the newest if empty."
  type        = string
  default     = ""
}

variable "manifest" {
  description = "Where the list of what was built goes."
  type        = string
  default     = "manifest.json"
}
