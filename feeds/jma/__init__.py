"""JMA disaster XML (気象庁防災情報XML): one module per family of telegrams."""
