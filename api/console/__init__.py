"""The coordinators' application: pages, forms and the routes that act."""
