"""WebShop (Yao et al. 2022): search a shop, find what an instruction asks for, and buy it."""
