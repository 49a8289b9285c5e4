variable "cup" {
  type    = string
  default = "B11C22000000006"

  validation {
    condition     = provider::psn::cup_valid(var.cup)
    error_message = "The CUP has 15 characters: letter, two digits, letter, eleven digits."
  }
}
