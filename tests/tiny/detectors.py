"""Detectors of every kind: real classes at tiny size, written to disk as their makers do.

Weights are random; where chance would find nothing, a bias makes it find something.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LABELS = {"id2label": {0: "face", 1: "hand"}, "label2id": {"face": 0, "hand": 1}}
SIDE = {"height": 64, "width": 64}
_STAGES = ["stage1", "stage2", "stage3", "stage4"]


def _swin(*stages):
    from transformers import SwinConfig

    return SwinConfig(
        embed_dim=8,
        depths=[1] * 4,
        num_heads=[1] * 4,
        window_size=2,
        image_size=32,
        out_features=list(stages),
    )


def _clip_tokenizer(length):
    from transformers import CLIPTokenizer

    from models.paperdoll import family

    folder = family.MODELS / "configs" / "clip-tokenizer"
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True, model_max_length=length)


def tiny_yolos():
    from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessorPil

    config = YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[64, 64],
        num_detection_tokens=5,
        **LABELS,
    )
    return YolosForObjectDetection(config), YolosImageProcessorPil(size=SIDE, do_pad=False)


def tiny_segmenter():
    from models.paperdoll.detector import make_detector

    return make_detector(), None


def tiny_owl(kind="OwlViT"):
    import transformers

    shared = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config = getattr(transformers, f"{kind}Config")(
        text_config={**shared, "vocab_size": 49408, "max_position_embeddings": 16},
        vision_config={**shared, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    network = getattr(transformers, f"{kind}ForObjectDetection")(config)
    prepare = getattr(transformers, f"{kind}ImageProcessorPil")(size={"height": 32, "width": 32})
    processor = getattr(transformers, f"{kind}Processor")(
        image_processor=prepare, tokenizer=_clip_tokenizer(16)
    )
    return network, processor


def tiny_dino(folder):
    from transformers import (
        BertTokenizer,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessorPil,
        GroundingDinoProcessor,
    )

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "face", "hand", "left"]
    (folder / "vocab.txt").write_text("\n".join(words))
    text = {
        "model_type": "bert",
        "vocab_size": len(words),
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    config = GroundingDinoConfig(
        backbone_config=_swin("stage2", "stage3", "stage4"),
        text_config=text,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=4,
        num_feature_levels=4,
    )
    prepare = GroundingDinoImageProcessorPil(size={"height": 128, "width": 128})
    tokenizer = BertTokenizer(str(folder / "vocab.txt"))
    return GroundingDinoForObjectDetection(config), GroundingDinoProcessor(prepare, tokenizer)


def tiny_clipseg():
    from transformers import (
        CLIPSegConfig,
        CLIPSegForImageSegmentation,
        CLIPSegProcessor,
        ViTImageProcessorPil,
    )

    shared = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
    }
    config = CLIPSegConfig(
        text_config={**shared, "bos_token_id": 49406, "eos_token_id": 49407},
        vision_config={**shared, "image_size": 32, "patch_size": 8},
        projection_dim=16,
        extract_layers=[0, 1, 2],
        reduce_dim=8,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )
    prepare = ViTImageProcessorPil(size={"height": 32, "width": 32})
    processor = CLIPSegProcessor(image_processor=prepare, tokenizer=_clip_tokenizer(77))
    return CLIPSegForImageSegmentation(config), processor


def tiny_mask2former():
    from transformers import (
        Mask2FormerConfig,
        Mask2FormerForUniversalSegmentation,
        Mask2FormerImageProcessorPil,
    )

    config = Mask2FormerConfig(
        backbone_config=_swin(*_STAGES),
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=16,
        dim_feedforward=16,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        num_queries=4,
        **LABELS,
    )
    return Mask2FormerForUniversalSegmentation(config), Mask2FormerImageProcessorPil(size=SIDE)


def tiny_maskformer():
    from transformers import (
        DetrConfig,
        MaskFormerConfig,
        MaskFormerForInstanceSegmentation,
        MaskFormerImageProcessorPil,
    )

    decoder = DetrConfig(d_model=16, **_DETR)
    config = MaskFormerConfig(
        backbone_config=_swin(*_STAGES),
        decoder_config=decoder,
        fpn_feature_size=32,
        mask_feature_size=32,
        **LABELS,
    )
    return MaskFormerForInstanceSegmentation(config), MaskFormerImageProcessorPil(size=SIDE)


_DETR = {
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 8,
    "decoder_attention_heads": 8,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "num_queries": 4,
}


def tiny_detr_masks():
    from transformers import DetrConfig, DetrForSegmentation, DetrImageProcessorPil, ResNetConfig

    backbone = ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 8, 16],
        depths=[1] * 4,
        layer_type="basic",
        out_features=_STAGES,
    )
    config = DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        d_model=16,
        **(_DETR | {"num_queries": 1}),  # several would take the same pixels from each other
        **LABELS,
    )
    network = DetrForSegmentation(config)
    network.detr.class_labels_classifier.bias.data[0] = 4
    network.mask_head.output_conv.bias.data += 4
    return network, DetrImageProcessorPil(size=SIDE)


def tiny_sam():
    from transformers import SamConfig, SamImageProcessorPil, SamModel, SamProcessor

    shared = {"hidden_size": 16, "image_size": 64, "patch_size": 8}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2, "mlp_dim": 16}
    config = SamConfig(
        vision_config={
            **shared,
            **layers,
            "output_channels": 16,
            "window_size": 0,
            "num_pos_feats": 8,
            "global_attn_indexes": [0],
        },
        prompt_encoder_config={**shared, "mask_input_channels": 4},
        mask_decoder_config={**layers, "hidden_size": 16, "iou_head_hidden_dim": 16},
    )
    prepare = SamImageProcessorPil(
        size={"longest_edge": 64},
        pad_size=SIDE,
        mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
    )
    return SamModel(config), SamProcessor(prepare)


def tiny_depth():
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessorPil

    config = DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        is_hybrid=False,
    )
    return DPTForDepthEstimation(config), DPTImageProcessorPil(size={"height": 32, "width": 32})


# What each kind is made by, and a seed with which chance finds something.
def tiny_pose():
    from transformers import VitPoseConfig, VitPoseForPoseEstimation, VitPoseImageProcessorPil

    backbone = {
        "model_type": "vitpose_backbone",
        "image_size": [64, 48],
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "out_indices": [1],
    }
    network = VitPoseForPoseEstimation(VitPoseConfig(backbone_config=backbone, num_labels=17))
    return network, VitPoseImageProcessorPil(size={"height": 64, "width": 48})


def tiny_clip():
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor

    shared = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "projection_dim": 16,
    }
    config = CLIPConfig(
        text_config={
            **shared,
            "vocab_size": 49408,
            "max_position_embeddings": 77,
            "bos_token_id": 49406,
            "eos_token_id": 49407,
        },
        vision_config={**shared, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    side = {"height": 32, "width": 32}
    prepare = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=side)
    return CLIPModel(config), CLIPProcessor(prepare, _clip_tokenizer(77))


def tiny_rating(labels=("not_aesthetic", "aesthetic")):
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    side = {"height": 32, "width": 32}
    return ViTForImageClassification(config), ViTImageProcessorPil(size=side)


FINDERS = {
    "yolos": (tiny_yolos, 0),
    "segmenter": (tiny_segmenter, 0),
    "mask2former": (tiny_mask2former, 0),
    "maskformer": (tiny_maskformer, 0),
    "detr with masks": (tiny_detr_masks, 0),
    "owlvit": (tiny_owl, 1),
    "owlv2": (lambda: tiny_owl("Owlv2"), 0),
    "grounding dino": (tiny_dino, 1),
    "clipseg": (tiny_clipseg, 0),
}
REFINERS = {"sam": (tiny_sam, 0)}
ESTIMATORS = {"depth": (tiny_depth, 0), "pose": (tiny_pose, 0)}
SCORERS = {"clip": (tiny_clip, 0), "rating": (tiny_rating, 0)}
# Kind -> what makes a network and its processor, and a seed with which it finds something.
NETWORKS = {**FINDERS, **REFINERS, **ESTIMATORS, **SCORERS}
ONNX_KINDS = ("yolo", "yolo with shapes", "yolo without doubles")


def write_onnx(path, outputs, *, size=(64, 64), names="{0: 'face', 1: 'hand'}", half=False):
    """A real ONNX model of YOLO's shape: it gives these arrays, moved by the picture's brightness.

    The first output's confidences are scaled by 1 + 0 · mean(pixels), so that the picture is read.
    """
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    dtype = np.float16 if half else np.float32
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
    ]
    tensors = [numpy_helper.from_array(np.array(0, dtype), "zero")]
    infos = []
    for number, array in enumerate(outputs):
        tensors.append(numpy_helper.from_array(array.astype(dtype), f"given{number}"))
        nodes.append(helper.make_node("Add", [f"given{number}", "nothing"], [f"output{number}"]))
        infos.append(helper.make_tensor_value_info(f"output{number}", kind, array.shape))
    width, height = size
    pixels = helper.make_tensor_value_info("images", kind, [1, 3, height, width])
    graph = helper.make_graph(nodes, "yolo", [pixels], infos, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    facts = {"task": "detect", "stride": "32"} | ({"names": names} if names else {})
    helper.set_model_props(model, facts)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def yolo_rows(rows, anchors=84, classes=2, extra=0):
    """(1, 4 + classes + extra, anchors): middle, size, chances and what follows, of each row."""
    output = np.zeros((1, 4 + classes + extra, anchors), np.float32)
    for number, row in enumerate(rows):
        output[0, : len(row), number] = row
    return output


def tiny_yolo(kind, path):
    """A 64 × 64 YOLO: a face at the left, twice, and a hand at the right."""
    rows = [
        (16, 32, 16, 24, 0.9, 0.1),
        (17, 32, 16, 24, 0.8, 0.1),
        (48, 40, 10, 12, 0.0, 0.7),
    ]
    if kind == "yolo with shapes":
        shapes = np.full((1, 32, 16, 16), -1, np.float32)
        shapes[0, 0, 6:10, 3:5] = 1  # the middle of the face
        shapes[0, 1] = 1
        face, hand = np.zeros(32), np.zeros(32)
        face[0], hand[1] = 4, 4
        full = [(*row, *(face if number < 2 else hand)) for number, row in enumerate(rows)]
        return write_onnx(path, [yolo_rows(full, extra=32), shapes])
    if kind == "yolo without doubles":
        output = np.zeros((1, 300, 6), np.float32)
        output[0, 0] = (8, 20, 24, 44, 0.9, 0)
        output[0, 1] = (43, 34, 53, 46, 0.7, 1)
        return write_onnx(path, [output])
    return write_onnx(path, [yolo_rows(rows)])
