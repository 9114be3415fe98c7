/**
 * Imported before the engine loads: both sides of a comparison take the same convolution kernels. What Winograd's differ by, 1e-5, flips
 * single ReLUs, and a network of small maps makes .1 of the loss of that within 20 steps; so does a start that is moved by 1e-6. With
 * `--default-kernels` ours are those that the machine chooses, and two steps are compared: the second shows the gradient of the first, and in
 * the third SimCLR's loss differs by several 1e-3, by a start that is moved by 1e-6 as well.
 */
const isDefault = process.argv.includes('--default-kernels');
if (!isDefault) process.env['MUSTER_CONVOLUTION'] = 'onednn';

/** Steps that are compared. */
export const STEPS = isDefault ? 2 : 20;
