import { MusterError } from '../../base/index.ts';
import { pictureSet, prefixOf } from './picture-set.ts';
import type { Placed } from './picture-set.ts';
import type { Place } from './place.ts';
import type { DataSetEntry, SetReader } from './set.ts';
import { readLines } from './text-file.ts';

const lists = [
  { name: 'train', file: 'trainlist01.txt' },
  { name: 'test', file: 'testlist01.txt' },
];

const read: SetReader = (place, base) => {
  const folders = [base, ...place.list(base).flatMap(({ path, isFolder }) => (isFolder ? path : []))];
  const folder = folders.find((path) => place.list(path).some(({ name }) => name === 'trainlist01.txt'));
  if (folder === undefined) return null;
  const videos = new Map<string, Placed>();
  const here = new Set(place.list(folder).map(({ name }) => name));
  const splits = lists.filter(({ file }) => here.has(file));
  for (const { name, file } of splits) {
    for (const line of readLines(place, `${prefixOf(folder)}${file}`)) {
      const found = /^([^/]+)\/(v_[^/\s]+?)(\.avi)?(\s+\d+)?$/.exec(line);
      if (found?.[1] === undefined || found[2] === undefined) throw wrongLine(place, file, line);
      videos.set(found[2], { split: name, key: found[1] });
    }
  }
  return pictureSet(place, {
    format: 'UCF-101: frames, with the lists of split 1',
    splits: splits.map(({ name }) => ({ name, labelled: true })),
    sort: (paths) => sortFrames(place, paths, videos),
    ...classesOf(videos),
  });
};

/** Actions of people in videos (Soomro, Zamir, Shah 2012): one frame of each video, the middle one. */
export const ucf101: DataSetEntry = {
  id: 'ucf-101',
  title: 'UCF-101',
  classes: 101,
  splits: [
    { name: 'train', images: 9537 },
    { name: 'test', images: 3783 },
  ],
  pixels: '320 x 240',
  papers: [
    { paper: 'TAC', trains: 'train', scores: 'test', size: '224', note: 'which frame is not stated; the middle one' },
  ],
  from: 'https://www.crcv.ucf.edu/data/UCF101.php (videos, and the lists for action recognition)',
  layout:
    'trainlist01.txt and testlist01.txt, and for each video its middle frame as <class>/<video>.jpg or all frames as <class>/<video>/<frame>.jpg',
  otherNames: ['ucf101', 'ucf-101-midframes'],
  isRecognised: true,
  read,
};

/** Of each listed video the middle one of its frames, by name. */
function sortFrames(
  place: Place,
  paths: readonly string[],
  videos: ReadonlyMap<string, Placed>,
): (Placed | undefined)[] {
  const frames = new Map<string, number[]>();
  for (const [index, path] of paths.entries()) {
    const video = videoOf(path, videos);
    if (video === undefined) continue;
    const known = frames.get(video);
    if (known === undefined) frames.set(video, [index]);
    else known.push(index);
  }
  const missing = [...videos.keys()].filter((video) => !frames.has(video));
  if (missing.length > 0) {
    throw new MusterError(
      'data.incomplete',
      `${missing.length} of ${videos.size} videos have no frame (${missing[0] ?? ''})`,
      {
        where: place.root,
        fix: 'take frames of all videos that the lists name',
      },
    );
  }
  const sorted: (Placed | undefined)[] = paths.map(() => undefined);
  for (const [video, indices] of frames) {
    const byName = indices.sort((a, b) => compareNames(paths[a] ?? '', paths[b] ?? ''));
    sorted[byName[Math.floor(byName.length / 2)] ?? 0] = videos.get(video);
  }
  return sorted;
}

/** The video that a frame is of: its own name, or that of its folder. */
function videoOf(path: string, videos: ReadonlyMap<string, Placed>): string | undefined {
  const parts = path.split('/');
  const own = (parts.at(-1) ?? '').replace(/\.[^.]+$/, '');
  if (videos.has(own)) return own;
  const folder = parts.at(-2);
  return folder !== undefined && videos.has(folder) ? folder : undefined;
}

/** Frame 9 comes before frame 10, with or without zeros before it. */
function compareNames(a: string, b: string): number {
  const number = (path: string): number => Number(/(\d+)\.[^.]*$/.exec(path)?.[1] ?? 0);
  return number(a) - number(b) || (a < b ? -1 : 1);
}

function classesOf(videos: ReadonlyMap<string, Placed>): { order: string[]; names: string[] } {
  const order = [...new Set([...videos.values()].map(({ key = '' }) => key))].sort();
  return { order, names: order.map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()) };
}

function wrongLine(place: Place, file: string, line: string): MusterError {
  return new MusterError('data.format', `${file} holds the line ${line}, which is no class/video`, {
    where: place.root,
    fix: 'bring it anew',
  });
}
