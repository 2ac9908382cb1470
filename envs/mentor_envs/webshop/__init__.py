"""WebShop (Yao et al. 2022): search a shop for the product of an instruction, and buy it."""
