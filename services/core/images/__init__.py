"""Images that people upload: what is taken, how it is made into what others see, and when its files go.

A service with images has the table, and a part that its use cases and its controller share:

    class Image(ImageColumns, Base):                                          # models.py
        __tablename__ = "image"

    self.images = Images(kit, Image, 20_000_000)                              # service.py
    controllers=[…, image_controller("BookmarkImage", "Bookmarks")], jobs=[Job("images", 60, …sweep)]     # plugin.py

    begun = await images.begin(subject.id, "image/png")       # the client uploads it by the presigned URL
    await images.make(subject.id, begun.id, AVATAR, address)  # decoded in a process of its own, stored in sizes
    await images.use(session, subject.id, begun.id)           # in the transaction that writes down where it is shown
    await images.drop(session, [old])                         # in the transaction that forgets it

Whatever is begun and not used goes after an hour, whoever was stopped in between.
"""
