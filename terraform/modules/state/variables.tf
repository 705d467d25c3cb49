variable "bucket" {
  description = "The bucket's name."
  type        = string
}

variable "key_arn" {
  description = "The key that the state is encrypted with."
  type        = string
}
