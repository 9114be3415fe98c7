/**
 * Imported before the engine loads: both sides of a comparison take the same convolution kernels. What Winograd's differ by, 1e-5, flips
 * single ReLUs, and a network of small maps makes .1 of the loss of that within 20 steps; so does a start that is moved by 1e-6.
 */
process.env['MUSTER_CONVOLUTION'] = 'onednn';
