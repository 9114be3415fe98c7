import type { DataSetEntry } from './set.ts';

const all = { trains: 'all', scores: 'all', size: '224' } as const;
const pici = [{ paper: 'PICI', ...all }] as const;
const byClass = 'a folder of images for each class';

/** Sets that are published as, or unpack to, a folder of pictures for each class: they need no reader of their own. */
const common = { papers: pici, layout: byClass, isRecognised: false, read: null } as const;

/** Objects in aerial views (Long et al. 2017). */
export const rsod: DataSetEntry = {
  ...common,
  id: 'rsod',
  title: 'RSOD',
  classes: 4,
  splits: [{ name: 'all', images: 976 }],
  pixels: 'mixed sizes',
  from: 'https://github.com/RSIA-LIESMARS-WHU/RSOD-Dataset-',
  layout: 'aircraft/, oiltank/, overpass/ and playground/ as they are unpacked',
  otherNames: ['rsod-dataset'],
};

/** Land use from above (Yang and Newsam 2010). */
export const ucMerced: DataSetEntry = {
  ...common,
  id: 'uc-merced',
  title: 'UC Merced Land Use',
  classes: 21,
  splits: [{ name: 'all', images: 2100 }],
  pixels: '256 x 256',
  from: 'http://weegee.vision.ucmerced.edu/datasets/landuse.html',
  otherNames: ['ucmerced', 'ucmerced_landuse'],
};

/** Land use of Wuhan (Zhao et al. 2016). */
export const siriWhu: DataSetEntry = {
  ...common,
  id: 'siri-whu',
  title: 'SIRI-WHU',
  classes: 12,
  splits: [{ name: 'all', images: 2400 }],
  pixels: '200 x 200',
  from: 'http://www.lmars.whu.edu.cn/prof_web/zhongyanfei/e-code.html',
  otherNames: ['siri_whu', 'siriwhu'],
};

/** Aerial scenes (Xia et al. 2017). */
export const aid: DataSetEntry = {
  ...common,
  id: 'aid',
  title: 'AID',
  classes: 30,
  splits: [{ name: 'all', images: 10_000 }],
  pixels: '600 x 600',
  from: 'https://captain-whu.github.io/AID/',
  otherNames: ['aid_dataset'],
};

/** Insects in the field (Xie et al. 2018). */
export const d0: DataSetEntry = {
  ...common,
  id: 'd0',
  title: 'D0',
  classes: 40,
  splits: [{ name: 'all', images: 4508 }],
  pixels: '200 x 200',
  from: 'https://www.dlearningapp.com/web/DLFautoinsects.htm',
  otherNames: ['d0-40'],
};

/** Patches of colon tissue (Zhu et al. 2021). */
export const chaoyang: DataSetEntry = {
  ...common,
  id: 'chaoyang',
  title: 'Chaoyang',
  classes: 4,
  splits: [{ name: 'all', images: 6160 }],
  pixels: '512 x 512',
  papers: [{ paper: 'PICI', ...all, note: 'training and test images in one' }],
  from: 'https://bupt-ai-cz.github.io/HSA-NRL/',
  layout: 'a folder of images for each class, or train/ and test/ with such folders',
  otherNames: ['chaoyang-data'],
};
