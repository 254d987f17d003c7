"""Look at data and predictions: a pure core, without registry and without server.

Rows are numbers 0..N-1 into ``Survey.names``; names are ``file_name``; labels are
indices into ``Survey.classes``; pictures are RGB uint8.

``tables``
    ``Histogram``, ``Heatmap``: values, and for each bin the images behind it:
    ``chart.images(bin) -> tuple[str, ...]``, the strongest first.
``survey``
    ``open_survey(ann_file, data_root=None, subset='', label_rule=None) -> Survey``:
    all that the charts need, computed once and cached. ``Survey.take(rows)``,
    ``.row(name)``, ``.read(row)`` (picture), ``.label_map(row)``.
``eda``
    ``class_bars(survey, what)``, ``colour_bars(survey, channel)``,
    ``objects_per_image(survey, label)``, ``object_sizes(survey)``,
    ``image_bars(survey, what)``; ``maps``: ``aspect_map(survey, label)``,
    ``position_map(survey, label)``, ``co_occurrence(survey)``.
``splits``
    ``open_splits(data_root) -> dict[str, Survey]``, ``fold_splits(survey)``,
    ``compare_splits(splits, rounds, seed) -> list[SplitDistance]``.
``audit``
    ``run_audit(data_root) -> list[Finding]``, the most suspicious first; the rules
    stand in ``audit_*.py``, their names and limits in ``finding``.
``quality``
    ``label_quality(survey, predictions) -> Quality`` from probabilities, and
    ``quality_findings(survey, quality) -> list[Finding]``; ``missing`` has the objects
    seen in the background.
``decisions``
    ``Decision``, ``read_decisions(path)``, ``write_decisions(path, decisions)``,
    ``apply_decisions(raw, decisions, part, version) -> (dict, counts)``.
``predictions``
    ``open_predictions(path) -> Predictions``: submission CSV, folder of label PNG,
    store of probabilities or COCO JSON. ``.names``, ``.label_map(name)``,
    ``.probs(name)``.
``compare``
    ``confusions(truth, prediction)``, ``disagreement(labels)``,
    ``changed_pixels(before, after)``, ``class_shares(source, training)``,
    ``common_names``, ``same_size``; sources are ``Predictions`` or the ``Survey``.
    ``recall``: ``size_recall(survey, prediction)``; ``boundary``:
    ``boundary_iou(truth, prediction)``; ``models``: ``model_rows(root, scores)``,
    ``run_rows(root, runs)``.
``album``, ``viewer``, ``sources``
    ``Album(data_root, ann_file)``: pictures, label maps and polygons without any
    statistics, nothing outside the data root; ``select``, ``arrange``,
    ``image_scores``; what a data root offers.
``playground``, ``parameters``, ``fragment``
    ``read_recipe(config)``, ``run_steps(dataset, index, steps, seed)``; sliders for a
    step's values; ``write_fragment(recipe, steps, path)``, a config.
``layers``, ``changes``
    Pictures and label maps as data URLs; ``change_kinds(before, after, truth)``.
``post_steps``
    ``post_steps(post, image, probs, members, truth) -> list[StepResult]``: what CRF,
    write-back and clean-up each change.
``svg``, ``report``
    The charts as SVG; ``write_report(...)``, a folder that opens without a server;
    ``pictures``: thumbnails, ``finding_picture(survey, finding)``.
``album``, ``viewer``, ``layers``, ``sources``, ``playground``
    What the application's viewer and playground show.
"""
