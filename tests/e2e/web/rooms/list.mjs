// node list.mjs URL: the list of rooms there, as it is.
console.log(JSON.stringify(await (await fetch(process.argv[2])).json()));
