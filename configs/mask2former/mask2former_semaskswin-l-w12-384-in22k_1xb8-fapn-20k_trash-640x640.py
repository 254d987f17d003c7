_base_ = './mask2former_semaskswin-l-w12-384-in22k_1xb8-20k_trash-640x640.py'
model = dict(decode_head=dict(pixel_decoder=dict(type='PixelFANDecoder')))
