variable "environment" {
  description = "staging or production."
  type        = string
}
