"""The stage: clothed people in furnished rooms and outdoors, with exact truth, from one seed.

    scene = sample_stage(np.random.default_rng(7))   # a plan: who is where, in which pose and dress
    shot = StageRenderer(512).render(scene)          # picture, id buffer, depth (needs `moderngl`)
    record = truth(scene, shot)                      # plain JSON; without a shot, by rays

`python -m chatpose_demo.studio.stage --out FOLDER --count N --seed S` writes a data set.
"""
