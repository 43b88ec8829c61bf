"""The demo shop: believable, made in a minute, the same for the same seed.

content.py     what is read: the files of data/shop
world.py       seed, size, time and chance of one build
catalogue.py   shelves, products, SKUs, prices over time, suppliers
customers.py   people, addresses, tastes
demand.py      who buys what on which day
orders.py      orders with their money and the times of every step
coupons.py     campaigns and who holds what
parcels.py     shipments and the couriers' scans
stock.py       movements that explain what is on the shelves
reviews.py     stars, words and sentiment that agree
cases.py       after-sale cases; invoices.py invoices
behaviour.py   views, searches, carts, favourites, buys, ratings
pictures.py    one drawn picture a product
showcase.py    the hand-made history of the demo customer
writer.py      rows into the database in bulk
check.py       SQL that proves that all of it adds up
refresh.py     keeps an old demo shop young
facts.py       what a script needs to know; cli.py the commands
"""
