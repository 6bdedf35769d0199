// Runs the published MoveNet graph model with TensorFlow.js itself, to have true reference outputs.
// Usage: node movenet_reference.mjs MODEL.json IMAGE.bin HEIGHT WIDTH   (IMAGE: RGB bytes)
// Needs @tensorflow/tfjs-core, -converter and -backend-cpu in the working folder's node_modules.
// Prints the (6 x 56) output as one JSON list.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(join(process.cwd(), "anywhere.js"));
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { loadGraphModel } = require("@tensorflow/tfjs-converter");

const [modelPath, imagePath, height, width] = process.argv.slice(2);
const model = JSON.parse(readFileSync(modelPath, "utf8"));
const manifest = model.weightsManifest;
const data = Buffer.concat(
  manifest.flatMap((group) => group.paths.map((p) => readFileSync(join(dirname(modelPath), p)))),
);
const graph = await loadGraphModel({
  load: async () => ({
    modelTopology: model.modelTopology,
    weightSpecs: manifest.flatMap((group) => group.weights),
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
    signature: model.signature,
    userDefinedMetadata: model.userDefinedMetadata,
  }),
});
await tf.setBackend("cpu");
const pixels = new Int32Array(readFileSync(imagePath));
const input = tf.tensor(pixels, [1, Number(height), Number(width), 3], "int32");
const output = graph.execute(input);
console.log(JSON.stringify(Array.from(output.dataSync())));
