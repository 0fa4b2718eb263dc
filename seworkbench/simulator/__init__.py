"""The machine side of every protocol, in software: the independent other end.

Nothing here calls the builder (seworkbench.image) or the fast page cipher and digests it uses (crypto.pages,
crypto.digests): pages are decrypted one by one with a plain library cipher, so builder and simulator check each other.

    codes               numbers with which hypervisor and Ultravisor answer
    machine             the keys and functions of one simulated machine
    secure_parameters   what the Ultravisor makes of an SE header
    ultravisor          one protected guest: set secure parameters, unpack, verify, start
    loading             the image file as guest memory, and what stage3a hands over
    diag308             what the hypervisor accepts as IPIB
    memory              where unpacked pages go
    guest               what stage3b would do
    hypervisor          all of it in order: `start_guest`, `GuestStarting` step by step, `save_guest_memory`
    events              the steps, for whoever plays or prints them
    protected_guest     what the Ultravisor keeps of a started guest
    attestation         answers to attestation requests
    added_secrets       what becomes of add-secret requests
    machine_folder      a machine that survives, with its demo PKI (demo_pki) and guest
    running             an image run on such a machine: `run_image`
    image_tampering     attacks on images; attestation_tampering: on requests, machines and responses
"""
