"""The demo shop: believable, made in a minute, the same for the same seed.

Making it:

    content.py     what is read: the files of data/shop
    world.py       seed, size, time and chance of one build
    catalogue.py   shelves, products, SKUs, suppliers; prices.py prices over time
    customers.py   people, addresses, and the tastes behind what they do
    demand.py      who buys what on which day
    orders.py      orders: the moments of every step and the money
    coupons.py     campaigns and who holds what
    parcels.py     shipments and the couriers' scans
    stock.py       movements that explain what is on the shelves
    reviews.py     stars, words and sentiment that agree
    cases.py       after-sale cases; invoices.py invoices
    behaviour.py   views, searches, carts, favourites, buys, ratings
    pictures.py    one drawn picture a product
    build.py       all of it in its order; writer.py rows in bulk

Living with it:

    making.py      makes it once and never touches another shop; stamp.py what it says of itself
    stage.py       plays single orders through the services; numbers.py their numbers
    showcase.py    the hand-made history of the demo customer
    refresh.py     keeps an old demo shop young
    check.py       SQL that proves that all of it adds up
    facts.py       what a script needs to know; cli.py the commands
"""
